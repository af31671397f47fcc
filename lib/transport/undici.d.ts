// undici's main entry loads fetch, WebSocket, cache and HTTP/2 too, which doubles a cold start: these are the modules that a request needs.
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici';
  const PoolClass: typeof Pool;
  export default PoolClass;
}
declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici';
  export default buildConnector;
}
