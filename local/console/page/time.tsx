import { useNow } from './hooks.ts';

/** The remaining time, updated each second; `past` afterwards. */
export function Countdown({ to, past }: { to: number; past: string }) {
  const left = to - useNow();
  return <time dateTime={iso(to)}>{left <= 0 ? past : clock(left)}</time>;
}

/** The age of something; with `ago`, “… ago”. */
export function Age({ since, ago = false }: { since: number; ago?: boolean }) {
  return (
    <time dateTime={iso(since)} title={new Date(since).toLocaleString()}>
      {age(useNow() - since)}
      {ago && ' ago'}
    </time>
  );
}

/** Formats a time as `2:03:59`, or in days from two days on. */
export function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

const two = (number: number): string => String(number).padStart(2, '0');

/** Formats the time of day with milliseconds. */
export function timeOfDay(time: string): string {
  const date = new Date(time);
  return `${date.toLocaleTimeString('en-GB')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Formats a duration as `37 ms` or `1.2 s`. */
export function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}

function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
