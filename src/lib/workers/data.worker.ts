/** The worker that parses, tokenises and downloads, and keeps the Datanets. */
import { expose } from 'comlink';
import { z } from 'zod';
import { openStoreWhenFree } from '../datanets/store/open-store';
import { OpfsFileCache } from '../formats/opfs-cache';
import { ClaimService } from './claims/service';
import { DataService } from './data-service';
import { DatanetService } from './datanets/service';
import { together } from './datanets/service-together';
import { installErrorTransfer } from './error-transfer';
import { HubLibrary } from './hub-library';
import { tellStored } from './keeping';

// Compiled schemas would be eval, which the page's content security policy forbids.
z.config({ jitless: true });
installErrorTransfer();
const files = new OpfsFileCache();
const store = openStoreWhenFree();
tellStored(store, files);
// Absent where the page is not in a secure context.
const locks = navigator.locks as LockManager | undefined;
// The page calls all the same way: `client.call((data) => data.rowSets())`, `client.call((data) => data.list())`.
expose(
  together(
    new DataService(store, new HubLibrary(files), locks),
    together(new DatanetService(store, locks), new ClaimService(store))
  )
);
