import { ApiError, AuthenticationApi, Configuration, TransportError } from '#lib/budgea/authentication-api.ts';
import { ok, wrong, type Check } from '../check.ts';

/** Whether Budgea answers, from here: any refusal is an answer, as nothing is signed. */
export const upstream: Check = {
  name: 'Budgea',
  async run(subject, signal) {
    const { url } = await subject.budgea();
    const answered = ok(`${url} answers.`);
    try {
      await new AuthenticationApi(new Configuration({ basePath: url })).usersIdUserGet('me', {}, { signal });
      return answered;
    } catch (error) {
      if (error instanceof TransportError)
        return wrong(`${url} gives no usable answer: ${error.failure}. ${whose(subject.settings !== undefined)}`);
      if (!(error instanceof ApiError)) throw error;
      return error.status < 500
        ? answered
        : wrong(`${url} answers ${error.status}: its own trouble, wait or ask there.`);
    }
  },
};

function whose(isDescribed: boolean): string {
  return isDescribed ? 'Is budgeaUrl in infra/environments.ts right?' : 'Check its address and the network.';
}
