// Starts the page: the state is read from the link, the rest follows from it.
import { createApp } from 'vue';
import App from './App.vue';
import './style.css';

createApp(App).mount('#app');
