using System.Globalization;
using System.Text;
using Mayfly.Images;
using Mayfly.Machines;

namespace Mayfly.Presets;

/// <summary>What an Apache is asked to serve.</summary>
public sealed record ApacheOptions
{
    /// <summary>Where it listens, on the wildcard address.</summary>
    public int Port { get; init; } = 8000;

    /// <summary>The Python application, or null for a server of files alone.</summary>
    public WsgiApplication? Wsgi { get; init; }

    /// <summary>Which paths are answered from folders of the image; they go before the application.</summary>
    public IReadOnlyList<StaticLocation> Static { get; init; } = [];

    /// <summary>The folder served at <c>/</c> when there is no application.</summary>
    public string DocumentRoot { get; init; } = "/var/www/html";

    /// <summary>The path of the health check.</summary>
    public string HealthPath { get; init; } = "/";

    /// <summary>Further modules, by Debian's names (<c>rewrite</c>, <c>proxy</c>).</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>More directives, at the end of the configuration.</summary>
    public string Extra { get; init; } = "";
}

/// <summary>A Python application that Apache runs in processes of its own through mod_wsgi.</summary>
/// <param name="Module">The file that holds <c>application</c>: <c>/srv/app/shop/wsgi.py</c>.</param>
/// <param name="Folder">The folder that Python imports from, and the working directory.</param>
/// <param name="Processes">Processes; each holds the application once.</param>
/// <param name="Threads">Threads of each process; so many requests run at once in it.</param>
public sealed record WsgiApplication(string Module, string Folder = "/srv/app", int Processes = 1, int Threads = 8)
{
    /// <summary>The environment of Python packages that it runs in; null for the interpreter's own.</summary>
    public string? Environment { get; init; }
}

/// <summary>Apache with the event model, for files and for a WSGI application.</summary>
/// <remarks>
/// The configuration is one file of our own rather than Debian's: that one insists on variables of <c>/etc/apache2/envvars</c>
/// and on log files of root's. The daemon processes of mod_wsgi are forked from Apache's first process and inherit its
/// environment, so an application reads its variables from <c>os.environ</c> with nothing passed on by hand.
/// </remarks>
public static class ApachePreset
{
    private const string ConfigPath = "/etc/apache2/mayfly.conf";

    public static ServicePreset Build(ApacheOptions options) => new()
    {
        Packages = options.Wsgi switch { null => ["apache2"], { Environment: null } => ["apache2", "libapache2-mod-wsgi-py3"], _ => ["apache2", "libapache2-mod-wsgi-py3", "python3"] },
        Files = [new ImageFile { Path = ConfigPath, Text = Config(options) }],
        Command = ["/usr/sbin/apache2", "-f", ConfigPath, "-DFOREGROUND"],
        User = "www-data",
        WorkingDirectory = options.Wsgi?.Folder ?? "/",
        Environment = new Dictionary<string, string>
        {
            ["LANG"] = "C.UTF-8",
            // The image's folders are not the user's to write, and the writable layer is thrown away anyway.
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        },
        RuntimeDirectories = [new RuntimeDirectory("/run/apache2", "www-data:www-data")],
        Ports = [new PortSpec(options.Port, "http")],
        Health = new HealthCheck { Kind = HealthCheckKind.Http, Port = options.Port, Path = options.HealthPath },
        // WINCH is the graceful stop: no new connections, running requests are finished.
        StopSignal = "SIGWINCH",
        StopTimeout = TimeSpan.FromSeconds(30),
    };

    private static string Config(ApacheOptions options)
    {
        var modules = new StringBuilder();
        string[] wanted =
        [
            "mpm_event", "authz_core", "alias", "deflate", "dir", "env", "filter", "headers", "mime", "reqtimeout", "setenvif",
            .. options.Wsgi is null ? Array.Empty<string>() : ["wsgi"],
            .. options.Modules,
        ];
        foreach (var module in wanted.Distinct(StringComparer.Ordinal))
        {
            modules.Append(CultureInfo.InvariantCulture, $"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so\n");
        }

        var places = new StringBuilder();
        foreach (var place in options.Static)
        {
            places.Append(CultureInfo.InvariantCulture, $"""

                Alias {place.Path} {place.Folder.TrimEnd('/')}/
                <Directory {place.Folder.TrimEnd('/')}>
                    Require all granted
                    Header set Cache-Control "{NginxPreset.StaticCaching(place)}"
                </Directory>

                """);
        }

        if (options.Wsgi is { } wsgi)
        {
            // psycopg2 and other extension modules misbehave in sub-interpreters: %{GLOBAL} is the first one (mod_wsgi's manual).
            places.Append(CultureInfo.InvariantCulture, $$"""

                WSGISocketPrefix /run/apache2/wsgi
                WSGIRestrictEmbedded On
                WSGIDaemonProcess app processes={{wsgi.Processes}} threads={{wsgi.Threads}} python-path={{wsgi.Folder}}{{(wsgi.Environment is null ? "" : $" python-home={wsgi.Environment}")}} home={{wsgi.Folder}} locale=C.UTF-8 graceful-timeout=20 shutdown-timeout=20 display-name=%{GROUP}
                WSGIScriptAlias / {{wsgi.Module}} process-group=app application-group=%{GLOBAL}
                <Directory {{wsgi.Module[..wsgi.Module.LastIndexOf('/')]}}>
                    Require all granted
                </Directory>

                """);
        }
        else
        {
            places.Append(CultureInfo.InvariantCulture, $"""

                DocumentRoot {options.DocumentRoot}
                <Directory {options.DocumentRoot}>
                    Require all granted
                    DirectoryIndex index.html
                </Directory>

                """);
        }

        return $$"""
            # Rendered by Mayfly. Runs as www-data, without capabilities, in the foreground.
            {{modules}}
            ServerRoot /etc/apache2
            ServerName mayfly
            DefaultRuntimeDir /run/apache2
            PidFile /run/apache2/apache2.pid
            Mutex file:/run/apache2 default
            Listen {{options.Port}}
            ErrorLog /dev/stderr
            LogLevel warn
            LogFormat "%a \"%r\" %>s %B %{ms}T ms" requests
            CustomLog /dev/stdout requests

            ServerTokens Prod
            TraceEnable Off
            Timeout 60
            KeepAliveTimeout 5
            GracefulShutdownTimeout 25
            RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500
            TypesConfig /etc/mime.types
            AddDefaultCharset utf-8
            ServerLimit 4
            StartServers 1
            MinSpareThreads 8
            MaxSpareThreads 64
            ThreadsPerChild 32
            MaxRequestWorkers 128

            <Directory />
                AllowOverride None
                Require all denied
            </Directory>
            {{places}}{{NginxPreset.Indented(options.Extra, 0)}}
            """;
    }
}
