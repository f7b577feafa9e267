import { useId } from 'react';

const SHAPE = 'M12 2.6l2.9 5.9 6.5.9-4.7 4.6 1.1 6.5L12 17.4l-5.8 3.1 1.1-6.5L2.6 9.4l6.5-.9z';

interface StarsProps {
  /** null without a vote. */
  readonly average: number | null;
  readonly votes: number;
}

export function Stars({ average, votes }: StarsProps) {
  const text =
    average === null
      ? 'Not rated yet'
      : `Rated ${average} out of 5 by ${votes} ${votes === 1 ? 'buyer' : 'buyers'}`;
  return (
    <span className="stars">
      <StarRow value={average ?? 0} />
      <span className="unseen">{text}</span>
      <span className="stars-text" aria-hidden="true">
        {average === null ? 'Not rated yet' : `${average.toFixed(1)} (${votes})`}
      </span>
    </span>
  );
}

/** Five stars, of which as many are filled as `value` says, a part of one included. */
export function StarRow({ value }: { value: number }) {
  const id = useId();
  return (
    <svg className="star-row" viewBox="0 0 120 24" width="90" height="18" aria-hidden="true">
      <title>{`${value} stars`}</title>
      <clipPath id={id}>
        <rect width={value * 24} height="24" />
      </clipPath>
      {[0, 1, 2, 3, 4].map((i) => (
        <path key={i} className="star-empty" d={SHAPE} transform={`translate(${i * 24})`} />
      ))}
      <g clipPath={`url(#${id})`}>
        {[0, 1, 2, 3, 4].map((i) => (
          <path key={i} className="star-full" d={SHAPE} transform={`translate(${i * 24})`} />
        ))}
      </g>
    </svg>
  );
}
