import type { ComponentChildren } from 'preact';

interface PanelProps {
  /** Also the anchor. */
  id: string;
  title: string;
  /** Beside the title. */
  aside?: ComponentChildren;
  /** What does not work at the moment. */
  fault?: string | undefined;
  children: ComponentChildren;
}

/** A part of the page, with a heading. */
export function Panel({ id, title, aside, fault, children }: PanelProps) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} class="panel">
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </header>
      <Fault>{fault}</Fault>
      {children}
    </section>
  );
}

/** What went wrong, told at once to whoever does not see it. */
export function Fault({ children }: { children: string | undefined }) {
  return <div role="alert">{children !== undefined && <p class="fault">{children}</p>}</div>;
}
