"""URLs of the site's pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from .views import demo, events, history, home, hosts, jobs, launch, workloads

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("demo/", demo.demo, name="demo"),
    path("strip/", home.strip, name="strip"),
    path("launch/", launch.launch, name="launch"),
    path("jobs/", jobs.job_list, name="job-list"),
    path("jobs/<int:pk>/", jobs.job_detail, name="job-detail"),
    path("jobs/<int:pk>/live/", jobs.job_live, name="job-live"),
    path("jobs/<int:pk>/events/", events.job_events, name="job-events"),
    path("jobs/<int:pk>/report.json", jobs.job_report, name="job-report"),
    path("jobs/<int:pk>/cancel/", jobs.job_cancel, name="job-cancel"),
    path("jobs/<int:pk>/rerun/", jobs.job_rerun, name="job-rerun"),
    path("history/", history.history, name="history"),
    path("history.csv", history.history_csv, name="history-csv"),
    path("hosts/", hosts.host_list, name="host-list"),
    path("hosts/<int:pk>/", hosts.host_detail, name="host-detail"),
    path("hosts/<int:pk>/check/", hosts.host_check, name="host-check"),
    path("hosts/<int:pk>/prepare/", hosts.host_prepare, name="host-prepare"),
    path("workloads/", workloads.workload_list, name="workload-list"),
    path("workloads/new/", workloads.workload_new, name="workload-new"),
    path("workloads/<int:pk>/", workloads.workload_detail, name="workload-detail"),
    path("workloads/<int:pk>/look/", workloads.workload_look, name="workload-look"),
    path("workloads/<int:pk>/remove/", workloads.workload_remove, name="workload-remove"),
    path("learn/", home.learn, name="learn"),
    path("components/", home.components, name="components"),
]
