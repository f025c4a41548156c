using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Mayfly.Cli.Tests;

/// <summary>nginx on loopback, as Debian has it: nothing of Mayfly's is between it and who asks. Its workers are no root's.</summary>
internal sealed class Nginx : IDisposable
{
    private readonly Process _server;
    private readonly string _folder;

    private Nginx(Process server, string folder, string address) => (_server, _folder, Address) = (server, folder, address);

    /// <summary>With a slash at its end.</summary>
    public string Address { get; }

    /// <summary>A line each: method, path, status, and what the answer is said to be.</summary>
    public string Log => File.ReadAllText($"{_folder}/access.log");

    /// <summary>The lines of docs/guides/depot.md, with another address and another folder.</summary>
    public static string OfGuide(string listen, string root)
    {
        var lines = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "depot.md")).Split("```nginx\n")[1].Split("```")[0];
        Assert.Contains("listen 8888;", lines, StringComparison.Ordinal);
        Assert.Contains("root /srv/depot;", lines, StringComparison.Ordinal);
        return lines.Replace("listen 8888;", $"listen {listen};", StringComparison.Ordinal).Replace("root /srv/depot;", $"root {root};", StringComparison.Ordinal);
    }

    /// <summary>No more than where to listen and what to serve.</summary>
    public static string Plain(string listen, string root) => $"server {{ listen {listen}; root {root}; }}";

    /// <param name="folder">What it writes goes here; others may go through it to what is served.</param>
    /// <param name="served">The folder that it serves.</param>
    /// <param name="configuration">Its blocks, of an address and a folder.</param>
    public static Nginx Start(string folder, string served, Func<string, string, string> configuration)
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            var listen = $"127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
            Directory.CreateDirectory(folder);
            File.WriteAllText($"{folder}/nginx.conf", $$"""
                daemon off; worker_processes 1; pid {{folder}}/pid; error_log stderr;
                events {}
                http {
                    log_format asked '$request_method $uri $status $sent_http_content_type'; access_log {{folder}}/access.log asked;
                    client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi; uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
                    {{configuration(listen, served)}}
                }
                """);
            probe.Stop();
            var server = Process.Start(new ProcessStartInfo("/usr/sbin/nginx", ["-c", $"{folder}/nginx.conf", "-e", $"{folder}/error.log"]))!;
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    using var asked = new TcpClient();
                    asked.Connect(IPAddress.Loopback, int.Parse(listen.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
                    return new Nginx(server, folder, $"http://{listen}/");
                }
                catch (SocketException) when (attempt < 200 && !server.HasExited)
                {
                    Thread.Sleep(50);
                }
            }
        }
    }

    public void Dispose()
    {
        _server.Kill(entireProcessTree: true);
        _server.WaitForExit();
        _server.Dispose();
    }
}
