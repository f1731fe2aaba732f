/** A wallet that announced itself to the page (EIP-6963). Its name is its own words, and is shown as text. */
export interface AnnouncedWallet {
  /** Reverse domain name, such as `io.metamask`: how the wallet is told from others. */
  id: string;
  name: string;
}

interface AnnounceEvent extends Event {
  detail?: { info?: { rdns?: unknown; name?: unknown } };
}

/**
 * Asks which wallets are there, without loading any wallet code. `onWallet` may be called later, too: wallets answer
 * when they are ready. Returns what ends the listening.
 */
export function lookForWallets(target: EventTarget, onWallet: (wallet: AnnouncedWallet) => void): () => void {
  const listen = (event: AnnounceEvent) => {
    const { rdns, name } = event.detail?.info ?? {};
    if (typeof rdns === 'string' && typeof name === 'string') onWallet({ id: rdns, name });
  };
  target.addEventListener('eip6963:announceProvider', listen);
  target.dispatchEvent(new Event('eip6963:requestProvider'));
  return () => target.removeEventListener('eip6963:announceProvider', listen);
}
