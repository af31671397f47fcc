import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface PanelProps {
  /** Also the anchor. */
  id: string;
  title: string;
  /** Next to the title. */
  aside?: ComponentChildren;
  fault?: string | undefined;
  children: ComponentChildren;
}

/** A section of the page with a heading. */
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

/** An error message, which screen readers announce. */
export function Fault({ children }: { children: string | undefined }) {
  return <div role="alert">{children !== undefined && <p class="fault">{children}</p>}</div>;
}

interface DialogProps {
  title: string;
  /** Also called on Escape. */
  close: () => void;
  children: ComponentChildren;
}

/** A modal dialog. */
export function Dialog({ title, close, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // A plain effect would run after the element is removed, and closing it would not return the focus.
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={element} aria-labelledby="dialog-title" onClose={close}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}
