import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Copy, DockerfileParser, type Instruction } from 'dockerfile-ast';
import { root } from '../../shared/root';

/** One FROM and what follows it, with the Dockerfile's own variables filled in. */
export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly runs: readonly string[];
  readonly copies: readonly CopyOf[];
  /** Returns the arguments of the last instruction with this keyword: USER, ENTRYPOINT, CMD and so on. */
  last(keyword: string): string | undefined;
}

export interface CopyOf {
  /** The stage that is copied from, or undefined for the sources. */
  readonly stage: string | undefined;
  readonly sources: readonly string[];
  readonly to: string;
}

/** Returns the stages of the project's Dockerfile, by name and in order. */
export function readStages(text = readFileSync(join(root, 'Dockerfile'), 'utf8')): Map<string, Stage> {
  const dockerfile = DockerfileParser.parse(text);
  const variables = new Map(
    dockerfile
      .getInitialARGs()
      .map((arg) => [arg.getProperty()?.getName() ?? '', arg.getProperty()?.getValue() ?? '']),
  );
  const stages = new Map<string, Stage>();
  let own: Instruction[] = [];
  for (const instruction of dockerfile.getInstructions()) {
    if (instruction.getKeyword() !== 'FROM') {
      own.push(instruction);
      continue;
    }
    own = [];
    const [image = '', , name = ''] = instruction.getArguments().map((argument) => argument.getValue());
    const from = image.replace(/\$\{(\w+)\}/g, (_, variable) => variables.get(variable) ?? '');
    stages.set(name, stageOf(name, from, own));
  }
  return stages;
}

function stageOf(name: string, from: string, own: readonly Instruction[]): Stage {
  const withKeyword = (keyword: string) => own.filter((instruction) => instruction.getKeyword() === keyword);
  return {
    name,
    from,
    get runs() {
      // A line that ends with a backslash continues on the next one.
      return withKeyword('RUN').map((run) => (run.getArgumentsContent() ?? '').replace(/\\\n/g, ''));
    },
    get copies() {
      return withKeyword('COPY').map((instruction) => copyOf(instruction as Copy));
    },
    last: (keyword) => withKeyword(keyword).at(-1)?.getArgumentsContent() ?? undefined,
  };
}

function copyOf(copy: Copy): CopyOf {
  const from = copy.getFlags().find((flag) => flag.getName() === 'from');
  const paths = copy.getArguments().map((argument) => argument.getValue());
  return { stage: from?.getValue() ?? undefined, sources: paths.slice(0, -1), to: paths.at(-1) ?? '' };
}

/** Returns a stage and those that it builds on, the first one last. Together they are its image. */
export function withBases(stages: Map<string, Stage>, name: string): Stage[] {
  const stage = stages.get(name);
  return stage === undefined ? [] : [stage, ...withBases(stages, stage.from)];
}
