import { start } from '../ui/start';
import { Admin } from './admin';

start(<Admin />);
