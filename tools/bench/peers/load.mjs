import autocannon from 'autocannon';

// A separate process: generates load. Its argument is autocannon's options as JSON; it prints the results.

const result = await autocannon(JSON.parse(process.argv[2]));
const { latency, errors, duration } = result;
process.stdout.write(
  JSON.stringify({
    answers: result['2xx'],
    rate: result['2xx'] / duration,
    failed: errors + result.non2xx,
    latencyMs: { mean: latency.average, p99: latency.p99 },
  }),
);
