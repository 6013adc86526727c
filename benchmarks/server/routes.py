"""What is asked: every page, and every route of the API that reads."""

ROUTES = (
    "/pipelines",
    "/pipelines/{app}",
    "/pipelines/{app}/releases",
    "/releases/{app}-39",
    "/releases/{app}-39/judgement/eu-north-1",
    "/api/v1/pipelines",
    "/api/v1/pipelines/{app}",
    "/api/v1/releases",
    "/api/v1/releases?application={app}",
    "/api/v1/releases/{app}-39",
    "/api/v1/releases/{app}-39/now",
    "/api/v1/releases/{app}-39/blockers",
    "/api/v1/releases/{app}-39/events",
    "/api/v1/releases/{app}-39/weights",
    "/api/v1/releases/{app}-39/diff",
    "/api/v1/releases/{app}-39/targets/eu-north-1/judgement",
    "/api/v1/releases/{app}-40/now",
)
