// The process that is measured, the same for every function: plain JavaScript that loads next to nothing. It loads a bundle, invokes its handler
// once, and prints the answer's status; then, outside of the measured time, what that took.

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
// The memory of this program alone: the peak that getrusage tells begins with its parent's.
const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
writeSync(1, `${JSON.stringify({ work: (user + system) / 1000, peak: Number(peak) * 1024 })}\n`);
process.exit();
