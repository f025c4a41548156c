using Mayfly.Presets;

namespace Mayfly;

/// <summary>Apache with mod_wsgi as Debian packages them: <c>shop.Apache("web").Wsgi("app").Uses(orders, cache)</c>.</summary>
public sealed class Apache : Component
{
    internal Apache(Stack stack, string name) : base(stack, name)
    {
    }

    internal WsgiApplication? Application { get; private set; }

    /// <summary>Serves a Python application, copied into the image at <c>/srv/app</c>.</summary>
    /// <param name="folder">The application's folder, relative to <c>stack.cs</c>.</param>
    /// <param name="module">The file that holds <c>application</c>, in that folder: <c>shop/wsgi.py</c>.</param>
    /// <param name="processes">
    /// Server processes of each replica. Each loads the application at its own first request, and the health check warms one: replicas
    /// are the better way to more of them.
    /// </param>
    /// <param name="threads">Threads of each process.</param>
    /// <param name="requirements">
    /// A requirements file or a <c>pyproject.toml</c>, relative to <c>stack.cs</c>: its packages are in an environment at <c>/srv/env</c>, in which the
    /// application and its commands run. Null: they run with Debian's modules.
    /// </param>
    /// <param name="systemPackages">Whether in that environment the modules of Debian's packages are seen too, or Python's own library alone.</param>
    /// <param name="allowBuild">Projects whose wheels may be built from their sources in the image, or <c>":all:"</c>.</param>
    public Apache Wsgi(string folder, string module, int processes = 1, int threads = 8, string? requirements = null, bool systemPackages = false, IReadOnlyList<string>? allowBuild = null)
    {
        Application = new WsgiApplication($"/srv/app/{module}", Processes: processes, Threads: threads) { Environment = requirements is null ? null : "/srv/env" };
        if (requirements is not null)
            this.Pip(requirements, Application.Environment!, systemPackages, allowBuild);
        Steps.Insert(0, new Step.Copy(folder, Application.Folder, "root:root", null));
        return this;
    }

    /// <summary>Serves files below a location from a folder of the image: <c>Static("/static/", "/srv/app/static")</c>.</summary>
    /// <param name="location">The URL path, with slashes at both ends.</param>
    /// <param name="path">The folder in the image.</param>
    /// <param name="immutable">True when each version of a file has a name of its own, so that browsers may keep it for a year.</param>
    public Apache Static(string location, string path, bool immutable = false)
    {
        StaticFolders.Add(new StaticLocation(location, path, immutable));
        return this;
    }

    /// <summary>The page that its health check asks for.</summary>
    public Apache ChecksPage(string path)
    {
        HealthPath = path;
        return this;
    }

    internal List<StaticLocation> StaticFolders { get; } = [];

    internal string HealthPath { get; private set; } = "/";

    private protected override ServicePreset Describe()
        => ApachePreset.Build(new ApacheOptions { Wsgi = Application, Static = StaticFolders, HealthPath = HealthPath });
}
