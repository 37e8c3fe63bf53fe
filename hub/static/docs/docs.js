"use strict";

// Shows /api/v1/openapi.json with Swagger UI. Nothing leaves this origin: no validator, and "try it out" calls the hub that serves this page.
(async () => {
  const place = document.getElementById("docs");
  const basePath = place.dataset.basePath;
  try {
    const answer = await fetch(`${basePath}/api/v1/openapi.json`);
    if (!answer.ok) {
      throw new Error(`${answer.status} ${answer.statusText}`);
    }
    const spec = await answer.json();
    // The document names HUB_BASE_URL; a page opened under another name of the same hub may only call where it came from.
    spec.servers = [{ url: basePath || "/" }];
    window.SwaggerUIBundle({
      spec,
      domNode: place,
      validatorUrl: null,
      deepLinking: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      docExpansion: "list",
    });
  } catch (error) {
    place.textContent = `The document could not be loaded: ${error.message}`;
  }
})();
