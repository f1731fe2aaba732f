/** The worker that owns the GPU. */
import { expose } from 'comlink';
import { z } from 'zod';
import { openStoreWhenFree } from '../datanets/store/open-store';
import { OpfsFileCache } from '../formats/opfs-cache';
import { engineJobs } from './engine-jobs';
import { installErrorTransfer } from './error-transfer';
import { GpuService } from './gpu-service';
import { HubLibrary } from './hub-library';
import { tellStored } from './keeping';

// Compiled schemas would be eval, which the page's content security policy forbids.
z.config({ jitless: true });
installErrorTransfer();
const files = new OpfsFileCache();
const store = openStoreWhenFree();
tellStored(store, files);
expose(
  new GpuService({
    jobs: engineJobs(navigator.gpu),
    locks: navigator.locks,
    store,
    library: new HubLibrary(files)
  })
);
