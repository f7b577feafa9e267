import { start } from '../ui/start';
import { Storefront } from './storefront';

start(<Storefront />);
