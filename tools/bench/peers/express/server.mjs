import { tellPort } from '../serving.mjs';
import { app } from './app.mjs';

const server = app.listen(0, '127.0.0.1', () => tellPort(server.address().port));
