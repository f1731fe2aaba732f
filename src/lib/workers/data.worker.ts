/** The worker that parses, tokenises and downloads. */
import { expose } from 'comlink';
import { z } from 'zod';
import { Store } from '../datanets/store/store';
import { OpfsFileCache } from '../formats/opfs-cache';
import { DataService } from './data-service';
import { installErrorTransfer } from './error-transfer';
import { HubLibrary } from './hub-library';

// Compiled schemas would be eval, which the page's content security policy forbids.
z.config({ jitless: true });
installErrorTransfer();
expose(new DataService(Store.open(), new HubLibrary(new OpfsFileCache())));
