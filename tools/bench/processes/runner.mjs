// The measured process, the same for every function: it loads a bundle, invokes its handler once and prints the status of the response; then,
// outside the measured time, the processor time and the peak memory.

const { readFileSync, writeSync } = process.getBuiltinModule('node:fs');
const [, , bundle, eventFile] = process.argv;
const { handler } = await import(bundle);
const deadline = performance.now() + 29_000;
const { statusCode } = await handler(JSON.parse(readFileSync(eventFile, 'utf8')), {
  awsRequestId: '5c1f3a52-8a26-4a4c-9f0a-3a8f0a1f6f0d',
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'peer',
  functionVersion: '$LATEST',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => deadline - performance.now(),
});
writeSync(1, `${statusCode}\n`);
const { user, system } = process.cpuUsage();
// Only this process: the peak of getrusage includes the parent's.
const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
writeSync(1, `${JSON.stringify({ work: (user + system) / 1000, peak: Number(peak) * 1024 })}\n`);
process.exit();
