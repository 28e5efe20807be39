"""URLs of results that are taken away or shared."""

from django.urls import path

from .views import exports, shared, shares

urlpatterns = [
    path("jobs/<int:pk>/export/<slug:name>/", exports.job_export, name="job-export"),
    path("jobs/<int:pk>/lab-report/", exports.lab_report, name="job-lab-report"),
    path("jobs/<int:pk>/share/", shares.share_job, name="job-share"),
    path(
        "experiments/<int:pk>/export/<slug:name>/",
        exports.experiment_export,
        name="experiment-export",
    ),
    path(
        "experiments/<int:pk>/lab-report/",
        exports.experiment_report,
        name="experiment-lab-report",
    ),
    path("history/export/<slug:name>/", exports.history_export, name="history-export"),
    path(
        "experiments/<int:pk>/share/",
        shares.share_experiment,
        name="experiment-share",
    ),
    path("history/share/", shares.share_history, name="history-share"),
    path("shares/", shares.share_list, name="share-list"),
    path("shares/<int:pk>/", shares.share_detail, name="share-detail"),
    path("shares/<int:pk>/revoke/", shares.share_revoke, name="share-revoke"),
    path("s/<str:token>/", shared.shared, name="shared"),
    path("s/<str:token>/lab-report/", shared.shared_report, name="shared-report"),
    path("s/<str:token>/export/<slug:name>/", shared.shared_export, name="shared-export"),
]
