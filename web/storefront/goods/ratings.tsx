import type { Product } from '../../client/types';
import { plural } from '../../ui/words';

/** How many buyers gave how many stars. The numbers are text; the bars only draw them. */
export function Ratings({ rating: { average, votes, stars } }: { rating: Product['rating'] }) {
  if (average === null) {
    return <p>Nobody has rated it yet.</p>;
  }
  return (
    <table className="histogram">
      <caption className="unseen">
        Ratings: {average} out of 5 on average, by {plural(votes, 'buyer')}
      </caption>
      <thead className="unseen">
        <tr>
          <th scope="col">Stars</th>
          <th scope="col">Share</th>
          <th scope="col">Buyers</th>
        </tr>
      </thead>
      <tbody>
        {[5, 4, 3, 2, 1].map((star) => {
          const count = stars[star - 1] ?? 0;
          return (
            <tr key={star}>
              <th scope="row">{plural(star, 'star')}</th>
              <td>
                <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                  <title>{`${count} of ${votes}`}</title>
                  <rect className="bar-ground" width="100" height="6" />
                  <rect className="bar" width={(100 * count) / votes} height="6" />
                </svg>
                <span className="unseen">{Math.round((100 * count) / votes)} percent</span>
              </td>
              <td className="number">{count}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
