import { describe, expect, it } from 'vitest';
import { deferred, fakeClient } from '$lib/components/testing';
import type {
  DatanetWorker,
  PreparedStatement,
  SignedFile,
  StatementRequest
} from '$lib/workers/datanets/protocol';
import type { ChainRequest } from '$lib/datanets/verify/chain-request';
import { NamelessError } from '$lib/workers/datanets/signing-desk';
import type { WalletAccount } from '$lib/wallet/connection';
import { Signing, type SigningConnection } from './signing.svelte';

const request: StatementRequest = { kind: 'refusal', request: 'bafy', reason: 'Not for this.' };
const prepared: PreparedStatement = {
  prepared: 'p1',
  statement: {
    kind: 'refusal',
    datanet: 'd',
    request: 'bafy',
    reason: 'Not for this.',
    by: { id: 'did:key:zA', name: 'Ada', agreement: 'did:key:zB' },
    created: '2026-01-01T00:00:00Z'
  },
  words: ['Ada says no.'],
  warnings: []
};
const file: SignedFile = { kind: 'refusal', cid: 'bafy2', file: new File(['{}'], 'refusal.tabtune.json') };

/** A signing whose worker counts what it is asked. */
function started(methods: Partial<DatanetWorker> = {}, open?: () => Promise<SigningConnection>) {
  const asked: string[] = [];
  const signing = new Signing(
    fakeClient<DatanetWorker>({
      prepare: async () => (asked.push('prepare'), prepared),
      sign: async (id) => (asked.push(`sign ${id}`), file),
      cancel: async () => void asked.push('cancel'),
      ...methods
    }),
    open
  );
  return { signing, asked };
}

/** Until all that is settled has been told. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe('signing', () => {
  it('signs only after the words were shown and the person agreed', async () => {
    const { signing, asked } = started();
    const answer = signing.ask(request);
    expect(signing).toMatchObject({ stage: 'preparing', kind: 'refusal' });
    await settled();
    expect(signing).toMatchObject({ stage: 'asking', prepared });
    expect(asked).toEqual(['prepare']);
    await signing.sign();
    expect(asked).toEqual(['prepare', 'sign p1']);
    expect(await answer).toBe(file);
    expect(signing).toMatchObject({ stage: 'signed', signed: file });
    signing.close();
    expect(signing.open).toBe(false);
  });

  it('asks for a name where there is none, and goes on with what was to be signed', async () => {
    let name = '';
    const { signing } = started({
      prepare: async (asked) => {
        expect(asked).toEqual(request);
        if (name === '') throw new NamelessError('Give yourself a name first.');
        return prepared;
      },
      renamePerson: async (given) => {
        name = given;
        return { id: 'did:key:zA', name, agreement: '' };
      }
    });
    const answer = signing.ask(request);
    await settled();
    expect(signing.stage).toBe('naming');
    await signing.giveName('  ');
    expect(signing.stage).toBe('naming');
    await signing.giveName(' Ada ');
    expect([name, signing.stage]).toEqual(['Ada', 'asking']);
    await signing.sign();
    expect(await answer).toBe(file);
  });

  it('keeps asking for a name where it cannot be stored, and can be closed', async () => {
    const { signing } = started({
      prepare: async () => {
        throw new NamelessError('Give yourself a name first.');
      },
      renamePerson: async () => {
        throw new Error('The disk is full.');
      }
    });
    const answer = signing.ask(request);
    await settled();
    await signing.giveName('Ada');
    expect(signing.stage).toBe('naming');
    expect((signing.error as Error).message).toBe('The disk is full.');
    signing.close();
    expect(await answer).toBeUndefined();
  });

  it('signs nothing when the person says not now, and can be asked again', async () => {
    const { signing, asked } = started();
    const answer = signing.ask(request);
    await settled();
    signing.close();
    expect(await answer).toBeUndefined();
    await signing.sign();
    expect(asked).toEqual(['prepare']);
    void signing.ask(request);
    await settled();
    expect(signing.stage).toBe('asking');
  });

  it('ends the preparation when the person does not wait for it, and drops its answer', async () => {
    const late = deferred<PreparedStatement>();
    const { signing, asked } = started({ prepare: () => late.promise });
    const answer = signing.ask(request);
    signing.close();
    late.resolve(prepared);
    expect(await answer).toBeUndefined();
    await settled();
    expect(signing).toMatchObject({ stage: 'closed', prepared: undefined });
    expect(asked).toEqual(['cancel']);
  });

  it('shows an answer to the question that is open, not to one before', async () => {
    const late = deferred<PreparedStatement>();
    const answers = [late.promise, Promise.resolve({ ...prepared, prepared: 'p2' })];
    const { signing } = started({ prepare: () => answers.shift()! });
    void signing.ask(request);
    signing.close();
    void signing.ask(request);
    await settled();
    late.resolve(prepared);
    await settled();
    expect(signing.prepared?.prepared).toBe('p2');
  });

  it('says why it failed, before and while signing', async () => {
    const broken = new Error('Nothing to publish.');
    const { signing } = started({ prepare: () => Promise.reject(broken) });
    expect(await signing.ask(request)).toBeUndefined();
    expect(signing).toMatchObject({ stage: 'failed', error: broken });
    signing.close();

    const { signing: other } = started({ sign: () => Promise.reject(broken) });
    const answer = other.ask(request);
    await settled();
    await other.sign();
    expect(await answer).toBeUndefined();
    expect(other).toMatchObject({ stage: 'failed', error: broken });
  });

  it('asks one thing at a time', async () => {
    const { signing, asked } = started();
    void signing.ask(request);
    expect(await signing.ask(request)).toBeUndefined();
    await settled();
    expect(asked).toEqual(['prepare']);
  });
});

const address: WalletAccount['address'] = `0x${'11'.repeat(20)}`;
const link: PreparedStatement = {
  ...prepared,
  statement: { kind: 'wallet-link', address, by: prepared.statement.by, created: prepared.statement.created }
};
const validation: PreparedStatement = {
  ...prepared,
  statement: {
    ...{ kind: 'validation', datanet: 'd', root: `0x${'ab'.repeat(32)}`, verdict: 'sound' },
    ...{ findings: {}, words: 'Fine.', by: prepared.statement.by, created: prepared.statement.created }
  }
};
const wallet = { id: 'org.example.wallet', name: 'Test Wallet' };

/** A wallet that signs with whatever `sign` gives, and can be moved. */
function walletThat(sign: SigningConnection['sign']) {
  const place: { now?: WalletAccount } = { now: { address, chainId: 1 } };
  const connection: SigningConnection = {
    account: async () => {
      if (!place.now) throw new Error('Test Wallet is not connected any more.');
      return place.now;
    },
    sign,
    // A chain that says of itself what it was asked.
    provider: async () => ({
      request: async ({ method }) => `${method} on ${place.now?.chainId}`
    }),
    switchTo: async (chainId) => void (place.now = { address, chainId }),
    watch: async () => () => undefined,
    close: async () => undefined
  };
  return { place, open: async () => connection };
}

/** Asks for a signature with the wallet connected. */
async function askedWith(sign: SigningConnection['sign'], statement = validation) {
  const taken: unknown[] = [];
  const { place, open } = walletThat(sign);
  const { signing } = started(
    { prepare: async () => statement, sign: async (_, signature) => (taken.push(signature), file) },
    open
  );
  void signing.ask(request);
  await settled();
  signing.wallet.choose(wallet);
  await signing.sign();
  // Chosen and not connected: whose account signs is not known yet.
  expect(signing.stage).toBe('asking');
  await signing.wallet.connect();
  return { signing, place, taken };
}

describe('signing with a wallet, too', () => {
  it('shows what the wallet will show on its network, and hands its signature over', async () => {
    const seen: unknown[] = [];
    const { signing, taken } = await askedWith(async (data, account) => {
      seen.push(data, account);
      return '0xaa';
    });
    expect(signing.data).toMatchObject({ primaryType: 'Validation', domain: { chainId: 1 } });
    const shown = signing.data;
    await signing.sign();
    expect(seen).toEqual([shown, address]);
    expect(taken).toEqual([{ standard: 'EIP-712', address, chainId: 1, value: '0xaa' }]);
    expect(signing.stage).toBe('signed');
    expect(signing.wallet.account).toBeUndefined();
  });

  it('leaves the words there, and nothing signed, where the wallet declines, is locked or moves', async () => {
    let answer: () => Promise<`0x${string}`> = () => Promise.reject(new Error('Declined.'));
    const { signing, place, taken } = await askedWith(() => answer());
    const fails = async (message: RegExp) => {
      await signing.sign();
      expect(signing.stage).toBe('asking');
      expect(String(signing.error)).toMatch(message);
      expect(taken).toEqual([]);
    };
    await fails(/Declined/);
    answer = async () => {
      place.now = { address, chainId: 10 };
      return '0xaa';
    };
    await fails(/another network/);
    answer = async () => {
      place.now = undefined;
      return '0xaa';
    };
    await fails(/not connected/);
    place.now = { address, chainId: 10 };
    answer = async () => '0xbb';
    await signing.wallet.connect();
    await signing.sign();
    expect(taken).toEqual([{ standard: 'EIP-712', address, chainId: 10, value: '0xbb' }]);
  });

  it('lets the worker ask its chain, where the person has the wallet, and on the chain that was signed for', async () => {
    const answers: unknown[] = [];
    const { place, open } = walletThat(async () => '0xAA');
    const { signing } = started(
      {
        prepare: async () => validation,
        sign: async (_, signature, chain?: ChainRequest) => {
          place.now = { address, chainId: 10 };
          answers.push(signature?.value, await chain?.(1, { method: 'eth_call' }));
          return file;
        }
      },
      open
    );
    void signing.ask(request);
    await settled();
    signing.wallet.choose(wallet);
    await signing.wallet.connect();
    await signing.sign();
    expect(answers).toEqual(['0xaa', 'eth_call on 1']);
    expect(signing.stage).toBe('signed');
  });

  it('that does not hold can be asked again', async () => {
    const { open } = walletThat(async () => '0x');
    const { signing } = started(
      { prepare: async () => validation, sign: () => Promise.reject(new Error('It does not fit.')) },
      open
    );
    void signing.ask(request);
    await settled();
    signing.wallet.choose(wallet);
    await signing.wallet.connect();
    await signing.sign();
    expect(signing.stage).toBe('asking');
    expect(String(signing.error)).toMatch(/does not fit/);
  });

  it('links the account that the wallet named first, and no other', async () => {
    const { place, open } = walletThat(async () => '0xaa');
    const requests: StatementRequest[] = [];
    const { signing } = started(
      { prepare: async (each) => (requests.push(each), link), sign: async () => file },
      open
    );
    const answer = signing.link(wallet);
    await settled();
    expect(requests).toEqual([{ kind: 'wallet-link', address }]);
    place.now = { address: `0x${'22'.repeat(20)}`, chainId: 1 };
    await signing.sign();
    expect(String(signing.error)).toMatch(/another account/);
    await signing.sign();
    expect(String(signing.error)).toMatch(/this links the account 0x11/);
    place.now = { address, chainId: 1 };
    await signing.wallet.connect();
    await signing.sign();
    expect(await answer).toBe(file);
  });
});
