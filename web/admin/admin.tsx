import { Shell } from '../ui/shell';

export function Admin() {
  return (
    <Shell label="Admin" navigation={null}>
      {null}
    </Shell>
  );
}
