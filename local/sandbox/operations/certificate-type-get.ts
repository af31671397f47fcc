import { requireCaller } from '../callers.ts';
import { BudgeaError } from '../errors.ts';
import type { Operation } from '../operation.ts';
import { requiredText } from '../parameters.ts';

/** `GET /certificate/{type}`: the latest certificate of a type, for whoever has a valid token. */
export const certificateTypeGet: Operation = async (budgea, call) => {
  await requireCaller(budgea, call);
  const certificate = budgea.certificates.latest(requiredText(call.path, 'type'));
  if (certificate === undefined) throw new BudgeaError('notFound', 'There is no certificate of this type');
  return { status: 200, body: certificate };
};
