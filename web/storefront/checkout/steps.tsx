import type { Progress, Step, StepName, StepState } from './attempt';

const NAMES: Record<StepName, string> = {
  till: 'Get your account ready',
  order: 'Write your order',
  lines: 'Put the goods on it',
  payment: 'Set the goods aside and take the credit',
  waiting: 'Wait for the shop’s final word',
};

const STATES: Record<StepState, string> = {
  open: 'to do',
  running: 'happening now',
  unsure: 'not certain yet',
  done: 'done',
  failed: 'not done',
};

const SIGNS: Record<StepState, string> = { open: '', running: '', unsure: '?', done: '✓', failed: '×' };

export function Steps({ steps, result }: Pick<Progress, 'steps' | 'result'>) {
  return (
    <ol className="steps">
      {steps.map((step) => (
        <StepLine key={step.name} step={endedBy(step, result)} />
      ))}
    </ol>
  );
}

/** Once it is certain how the purchase ended, it is certain of its payment, too. */
function endedBy(step: Step, result: Progress['result']): Step {
  return step.state === 'unsure' && result !== undefined
    ? { ...step, state: result.kind === 'paid' ? 'done' : 'failed' }
    : step;
}

function StepLine({ step: { name, state, detail } }: { step: Step }) {
  return (
    <li className={`step ${state}`} aria-current={state === 'running' ? 'step' : undefined}>
      <span className="step-sign" aria-hidden="true">
        {SIGNS[state]}
      </span>
      <div>
        <p>
          {NAMES[name]}
          <span className="unseen">: {STATES[state]}</span>
        </p>
        {state === 'running' && detail !== undefined && <p className="hint">{detail}</p>}
      </div>
    </li>
  );
}
