import { useId, useState } from 'react';
import { Field } from '../../ui/field';
import { Picture } from '../../ui/picture';
import { PICTURES } from './pictures';

/** What a product says about itself. */
export interface Texts {
  readonly description: string;
  readonly picture: string;
  readonly categories: readonly string[];
}

interface ProductFieldsProps {
  readonly before?: Texts | undefined;
  readonly disabled?: boolean;
}

export function ProductFields({ before, disabled = false }: ProductFieldsProps) {
  const id = useId();
  const [picture, setPicture] = useState(before?.picture ?? 'parcel');
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-description`}>Description</label>
        <textarea
          id={`${id}-description`}
          name="description"
          maxLength={2_000}
          defaultValue={before?.description}
          disabled={disabled}
        />
      </div>
      <div className="picture-field">
        <div className="field">
          <label htmlFor={`${id}-picture`}>Picture</label>
          <select
            id={`${id}-picture`}
            name="picture"
            value={picture}
            disabled={disabled}
            onChange={({ target }) => setPicture(target.value)}
          >
            {[...new Set([...PICTURES, picture])].map((name) => (
              <option key={name} value={name}>
                {name.replaceAll('-', ' ')}
              </option>
            ))}
          </select>
        </div>
        <Picture name={picture} className="picture small" />
      </div>
      <Field
        label="Categories"
        name="categories"
        defaultValue={before?.categories.join(', ')}
        disabled={disabled}
        hint="Up to five, separated by commas."
      />
    </>
  );
}

/** Returns what was filled in. What is disabled is left out. */
export function textsIn(
  form: FormData,
): Partial<{ description: string; picture: string; categories: string[] }> {
  const [description, picture, categories] = ['description', 'picture', 'categories'].map((name) =>
    form.get(name),
  );
  return {
    ...(typeof description === 'string' && { description }),
    ...(typeof picture === 'string' && { picture }),
    ...(typeof categories === 'string' && {
      categories: categories
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    }),
  };
}
