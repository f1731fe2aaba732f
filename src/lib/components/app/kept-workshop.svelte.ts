import { createContext } from 'svelte';
import { Workshop, type WorkshopServices } from './workshop.svelte';

/** The workshop while something goes on in it, whichever page is looked at. */
export class KeptWorkshop {
  current = $state.raw<Workshop>();
  #dispose: (() => void) | undefined;

  /**
   * The workshop that goes on, or a new one.
   * @returns whether it is new, so that it has to be restored
   */
  open(services: () => WorkshopServices): { workshop: Workshop; isNew: boolean } {
    if (this.current) return { workshop: this.current, isNew: false };
    let workshop!: Workshop;
    // What it derives belongs to no page, or it would end with the first that is left.
    this.#dispose = $effect.root(() => {
      workshop = new Workshop(services());
    });
    this.current = workshop;
    return { workshop, isNew: true };
  }

  /** Its page is left: ends the workers, unless they are at work. */
  leave(): void {
    if (!this.current || this.current.working) return;
    this.current.end();
    this.#dispose?.();
    this.current = undefined;
  }
}

export const [getKeptWorkshop, setKeptWorkshop] = createContext<KeptWorkshop>();
