import { type ReactNode, useEffect, useRef } from 'react';

export type Tone = 'good' | 'bad' | 'careful' | 'plain';

interface NoticeProps {
  readonly tone: Tone;
  readonly title: string;
  readonly children?: ReactNode;
  /** Whether the reader is taken there when it appears: for the outcome of what they did. */
  readonly takesFocus?: boolean;
}

const SIGNS: Record<Tone, string> = { good: '✓', bad: '!', careful: '!', plain: 'i' };

export function Notice({ tone, title, children, takesFocus = false }: NoticeProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (takesFocus) {
      box.current?.focus();
    }
  }, [takesFocus]);
  return (
    <div ref={box} className={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'} tabIndex={-1}>
      <span className="sign" aria-hidden="true">
        {SIGNS[tone]}
      </span>
      <div>
        <p className="notice-title">{title}</p>
        {children}
      </div>
    </div>
  );
}
