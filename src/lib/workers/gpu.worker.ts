/** The worker that owns the GPU. */
import { expose } from 'comlink';
import { z } from 'zod';
import { Store } from '../datanets/store/store';
import { OpfsFileCache } from '../formats/opfs-cache';
import { engineJobs } from './engine-jobs';
import { installErrorTransfer } from './error-transfer';
import { GpuService } from './gpu-service';
import { HubLibrary } from './hub-library';

// Compiled schemas would be eval, which the page's content security policy forbids.
z.config({ jitless: true });
installErrorTransfer();
expose(
  new GpuService({
    jobs: engineJobs(navigator.gpu),
    locks: navigator.locks,
    store: Store.open(),
    library: new HubLibrary(new OpfsFileCache())
  })
);
