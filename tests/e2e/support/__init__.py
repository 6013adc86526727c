"""What the end-to-end tests stand on: an application, a cloud, a controller to kill, customers, and an audit."""
