import { RateLimiterMemory } from 'rate-limiter-flexible';
import * as z from 'zod';
import { id } from '../../../shared/http/inputs';
import { problem, unavailable } from '../../../shared/http/problem';
import { type Route, route } from '../../../shared/http/route';
import type { CatalogHttp } from './catalog-http';
import { OrderUnavailable } from './purchases';
import { ratingOf, ratingSchema } from './read-products';

const stars = z
  .string()
  .regex(/^[1-5]$/, 'must be a whole number from 1 to 5')
  .transform(Number)
  .meta({ override: { type: 'integer', minimum: 1, maximum: 5 } });

/** Of one user's vote for one product, at one replica: each is kept for ever. */
const CHANGES = { points: 10, duration: 60 };

export function vote({ votes, purchases }: CatalogHttp): Route {
  const changes = new RateLimiterMemory(CHANGES);
  return route({
    method: 'POST',
    path: '/catalog/vote/{user_id}/{item_id}/{stars}',
    audience: 'buyer',
    summary: 'Give a product stars, or other ones than before',
    description:
      'Only for what the user has bought. The same request again changes nothing. Others see the new rating within two seconds.',
    params: z.object({ user_id: id, item_id: id, stars }),
    answers: {
      200: z.object({ item_id: z.string(), rating: ratingSchema }),
      403: 'The user has not bought it (`not_bought`).',
      429: 'The user has changed this vote ten times in a minute (`too_many_votes`).',
    },
    async handle(request) {
      const { params, traceparent, staff, method, path } = request;
      const { consumedPoints } = await changes.penalty(`${params.user_id} ${params.item_id}`);
      if (consumedPoints > CHANGES.points) {
        return problem(429, {
          reason: 'too_many_votes',
          detail: 'The user has changed this vote often enough for now. Wait a minute.',
          headers: { 'Retry-After': String(CHANGES.duration) },
        });
      }
      try {
        const authorization = request.header('authorization');
        if (!(await purchases.has(params, { authorization, traceparent }))) {
          const detail = 'Only whoever has bought a product can give it stars. Nothing was counted.';
          return problem(403, { reason: 'not_bought', detail });
        }
      } catch (error) {
        if (error instanceof OrderUnavailable) {
          return unavailable(
            'It cannot be found out right now whether the user has bought this. Nothing was counted. Try again in a moment.',
          );
        }
        throw error;
      }
      const counts = await votes.count({ ...params, ...(staff && { request: { staff, method, path } }) });
      return { status: 200, body: { item_id: params.item_id, rating: ratingOf(counts) } };
    },
  });
}
