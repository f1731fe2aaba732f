/** What is put right before anything of the page loads. */
import { mendLanguage } from '$lib/components/locale';

mendLanguage(navigator);
