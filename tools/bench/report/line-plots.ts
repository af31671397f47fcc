import { number } from './cells.ts';
import { line, path, picture, text, ticks } from './svg.ts';

/** A curve over the same places as the others. */
export interface Curve {
  title: string;
  values: readonly number[];
}

const width = 860;
const height = 280;
const top = 50;
const bottom = height - 46;
const margin = 60;

/** Curves side by side over the same places, which stand at even distances. */
export function linePlots(
  title: string,
  placesName: string,
  places: readonly number[],
  curves: readonly Curve[],
): string {
  const panel = width / curves.length;
  const content = curves.flatMap((curve, index) => drawn(curve, places, index * panel, panel));
  return picture(width, height, title, [...content, text(width / 2, height - 8, placesName, 'small', 'middle')]);
}

function drawn({ title, values }: Curve, places: readonly number[], from: number, panel: number): string[] {
  const steps = ticks(Math.max(...values));
  const most = steps.at(-1) ?? 1;
  const [left, right] = [from + margin, from + panel - 20];
  const x = (index: number): number => left + ((right - left) * index) / Math.max(1, places.length - 1);
  const y = (value: number): number => bottom - ((bottom - top) * value) / most;
  return [
    text(left, 24, title, 'title'),
    ...steps.flatMap((step) => [
      line(left, y(step), right, y(step), 'grid'),
      text(left - 8, y(step) + 4, number(step), 'small', 'end'),
    ]),
    ...places.map((place, index) => text(x(index), bottom + 18, number(place), 'small', 'middle')),
    path(values.map((value, index) => [x(index), y(value)])),
  ];
}
