import { useState } from 'react';

/** What is shown of a product that has no drawing of its own. */
const PARCEL = 'parcel';

interface PictureProps {
  readonly name: string;
  /** What it shows; empty where the text beside it says so. */
  readonly alt?: string;
  readonly className?: string;
  readonly isFirst?: boolean;
}

export function Picture({ name, alt = '', className = 'picture', isFirst = false }: PictureProps) {
  const [missing, setMissing] = useState<string>();
  return (
    <img
      className={className}
      src={`/pictures/${missing === name ? PARCEL : name}.svg`}
      alt={alt}
      width="400"
      height="400"
      loading={isFirst ? 'eager' : 'lazy'}
      onError={() => setMissing(name)}
    />
  );
}
