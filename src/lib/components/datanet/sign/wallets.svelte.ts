import { lookForWallets, type AnnouncedWallet } from '$lib/wallet/announced';

/** The wallets that announced themselves to this page. Looking for them loads no wallet code. */
export class Wallets {
  announced = $state.raw<AnnouncedWallet[]>([]);

  /** Returns what ends the looking. */
  look(target: EventTarget): () => void {
    return lookForWallets(target, (wallet) => {
      if (this.announced.every(({ id }) => id !== wallet.id)) this.announced = [...this.announced, wallet];
    });
  }
}
