import { InvalidArgumentError, Option, type Command } from 'commander';
import { Refusal } from '../refusal.ts';
import { budgeaOption } from '../secrets/budgea.ts';
import type { Session } from '../session.ts';
import type { SubjectOptions } from './subject.ts';

/** `doctor`: whether every link from a partner's call to Budgea holds, and what to do about those that do not. */
export function addDoctor(program: Command, session: Session): void {
  program
    .command('doctor')
    .description(
      'check every link of the gateway and say what to do about what is missing; exits with 1 if anything is',
    )
    .addOption(budgeaOption())
    .addOption(
      new Option('--gateway-url <url>', 'another address of the gateway than its own, /2.0 included').argParser(
        httpUrl,
      ),
    )
    .action(async (options: SubjectOptions) => {
      await session.connect();
      const { subjectOf } = await import('./subject.ts');
      const { checksOf } = await import('./checks.ts');
      const { examine } = await import('./examine.ts');
      const { callbackOf, report } = await import('./report.ts');
      const subject = await subjectOf(session, options);
      const checks = checksOf(subject);
      const found = await examine(checks, subject, (done) => session.progress(`${done} of ${checks.length} checks …`));
      const callback = await callbackOf(subject);
      const faults = found.filter(({ state }) => state === 'wrong').length;
      session.answer(
        { environment: subject.environment, healthy: faults === 0, callback_uri: callback, checks: found },
        report(found, callback, session.look().paint),
      );
      if (faults > 0) throw new Refusal(`${faults} of ${found.length} checks found something wrong.`);
    });
}

function httpUrl(text: string): string {
  const { protocol = '', search = '', hash = '' } = URL.parse(text) ?? {};
  if (!/^https?:$/.test(protocol) || search + hash !== '')
    throw new InvalidArgumentError('It takes a URL, such as https://gateway.example/2.0.');
  return text.replace(/\/+$/, '');
}
