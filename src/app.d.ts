// See https://svelte.dev/docs/kit/types#app.d.ts
declare global {
  namespace App {
    interface PageState {
      /** The start page's button was pressed: the workshop runs the starter. No address can say so. */
      runStarter?: boolean;
    }
  }
}

export {};
