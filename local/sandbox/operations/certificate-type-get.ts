import { requireCaller } from '../authorization.ts';
import { BudgeaError } from '../errors.ts';
import { type Operation, requiredText } from '../call.ts';

/** `GET /certificate/{type}`: returns the latest certificate of a type, for any valid token. */
export const certificateTypeGet: Operation = async (budgea, call) => {
  await requireCaller(budgea, call);
  const certificate = budgea.certificates.latest(requiredText(call.path, 'type'));
  if (certificate === undefined) throw new BudgeaError('notFound', 'There is no certificate of this type');
  return { status: 200, body: certificate };
};
