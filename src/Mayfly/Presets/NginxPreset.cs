using System.Globalization;
using System.Text;
using Mayfly.Images;
using Mayfly.Machines;

namespace Mayfly.Presets;

/// <summary>What an Nginx in front of other components is asked to do.</summary>
public sealed record NginxOptions
{
    /// <summary>Where it listens, on the wildcard address.</summary>
    public int Port { get; init; } = 80;

    /// <summary>Which paths lead to which component.</summary>
    public IReadOnlyList<NginxProxy> Proxies { get; init; } = [];

    /// <summary>Which paths are answered from folders of the image.</summary>
    public IReadOnlyList<StaticLocation> Static { get; init; } = [];

    public int Workers { get; init; } = 2;

    /// <summary>The largest request body that is let through, in Nginx's notation.</summary>
    public string LargestBody { get; init; } = "16m";

    /// <summary>More directives for the <c>server</c> block.</summary>
    public string Server { get; init; } = "";

    /// <summary>More directives for the <c>http</c> block.</summary>
    public string Http { get; init; } = "";
}

/// <summary>A path prefix that leads to a component.</summary>
/// <param name="Path">The prefix: <c>/</c>, <c>/api/</c>.</param>
/// <param name="Host">The component's full hostname (Nginx's own resolver knows no search domains).</param>
/// <param name="Port">The component's port.</param>
public sealed record NginxProxy(string Path, string Host, int Port);

/// <summary>A URL prefix that is answered from a folder of the image.</summary>
/// <param name="Path">The prefix, with slashes at both ends: <c>/static/</c>.</param>
/// <param name="Folder">The folder in the image.</param>
/// <param name="Immutable">True when each version of a file has a name of its own, so that browsers may keep it for a year.</param>
public sealed record StaticLocation(string Path, string Folder, bool Immutable = false);

/// <summary>Nginx as a reverse proxy, balancing over all replicas of a component, and as a file server.</summary>
/// <remarks>
/// Debian 12's Nginx 1.22 resolves the names in <c>upstream</c> blocks once, at its start; the <c>resolve</c> parameter came
/// with 1.27.3. A name in a variable is asked for while requests run, through <c>resolver</c>, and kept for <c>valid</c>.
/// Each request then has an upstream group of its own, made of all addresses of the answer in random rotation: that
/// balances, <c>proxy_next_upstream</c> goes on to the next replica when one does not answer, and a component that has moved
/// is found a second later. There are no kept-alive connections upstream with variables: none to a replica that has left.
/// </remarks>
public static class NginxPreset
{
    /// <summary>Answered by Nginx itself: that it runs, whatever the components behind it do.</summary>
    public const string HealthPath = "/.mayfly/health";

    private const string ConfigPath = "/etc/nginx/mayfly.conf";

    public static ServicePreset Build(NginxOptions options) => new()
    {
        Packages = ["nginx"],
        Files = [new ImageFile { Path = ConfigPath, Text = Config(options) }],
        Command = ["/usr/sbin/nginx", "-e", "stderr", "-c", ConfigPath],
        User = "www-data",
        RuntimeDirectories = [new RuntimeDirectory("/run/nginx", "www-data:www-data")],
        Ports = [new PortSpec(options.Port, "http")],
        Health = new HealthCheck { Kind = HealthCheckKind.Http, Port = options.Port, Path = HealthPath },
        // QUIT finishes running requests; TERM would drop them.
        StopSignal = "SIGQUIT",
        StopTimeout = TimeSpan.FromSeconds(30),
    };

    private static string Config(NginxOptions options)
    {
        var locations = new StringBuilder();
        for (var n = 0; n < options.Proxies.Count; n++)
        {
            var proxy = options.Proxies[n];
            locations.Append(CultureInfo.InvariantCulture, $$"""

                        location {{proxy.Path}} {
                            set $component_{{n}} {{proxy.Host}}:{{proxy.Port}};
                            proxy_pass http://$component_{{n}};
                        }

                """);
        }

        foreach (var place in options.Static)
        {
            locations.Append(CultureInfo.InvariantCulture, $$"""

                        location {{place.Path}} {
                            alias {{place.Folder.TrimEnd('/')}}/;
                            add_header Cache-Control "{{StaticCaching(place)}}";
                        }

                """);
        }

        return $$"""
            # Rendered by Mayfly. Runs as www-data, without capabilities, in the foreground.
            daemon off;
            worker_processes {{options.Workers}};
            pid /run/nginx/nginx.pid;
            error_log stderr warn;
            worker_shutdown_timeout 25s;
            include /etc/nginx/modules-enabled/*.conf;

            events {
                worker_connections 1024;
            }

            http {
                include /etc/nginx/mime.types;
                default_type application/octet-stream;
                access_log /dev/stdout combined;
                server_tokens off;
                sendfile on;
                tcp_nopush on;
                keepalive_timeout 30s;
                client_max_body_size {{options.LargestBody}};
                client_body_temp_path /run/nginx/body;
                proxy_temp_path /run/nginx/proxy;
                fastcgi_temp_path /run/nginx/fastcgi;
                uwsgi_temp_path /run/nginx/uwsgi;
                scgi_temp_path /run/nginx/scgi;
                # What is too large for memory is passed on as it comes, never spooled to the tmpfs.
                proxy_max_temp_file_size 0;

                gzip on;
                gzip_proxied any;
                gzip_vary on;
                gzip_types text/css text/plain text/javascript application/javascript application/json image/svg+xml;

                # Names are asked for again every second, so a component that moves is found without a reload.
                resolver 169.254.53.53 valid=1s ipv6=off;
                resolver_timeout 2s;

                proxy_http_version 1.1;
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Forwarded-Proto $scheme;
                proxy_connect_timeout 2s;
                proxy_next_upstream error timeout;
                proxy_next_upstream_tries 3;
            {{Indented(options.Http, 4)}}
                server {
                    listen {{options.Port}} default_server;
                    server_name _;

                    location = {{HealthPath}} {
                        access_log off;
                        default_type text/plain;
                        return 200 "ok\n";
                    }
            {{locations}}{{Indented(options.Server, 8)}}    }
            }

            """;
    }

    internal static string StaticCaching(StaticLocation place) =>
        place.Immutable ? "public, max-age=31536000, immutable" : "public, max-age=300";

    internal static string Indented(string text, int spaces) =>
        text.Length == 0
            ? ""
            : string.Concat(text.TrimEnd().Split('\n').Select(line => line.Length == 0 ? "\n" : new string(' ', spaces) + line + "\n"));
}
