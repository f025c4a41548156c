using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Mayfly.Benchmarks;

/// <summary>A folder served over HTTP on loopback by nginx, in a process of its own, as a mirror would.</summary>
internal sealed class LocalServer : IDisposable
{
    private readonly Process _process;

    private LocalServer(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<LocalServer> StartAsync(Workshop workshop, string folder, CancellationToken cancellationToken)
    {
        var port = FreePort();
        var work = workshop.PathFor("nginx");
        Directory.CreateDirectory(work);
        await File.WriteAllTextAsync(Path.Combine(work, "nginx.conf"), $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid {{work}}/pid;
            error_log {{work}}/error.log;
            events { worker_connections 1024; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                keepalive_requests 10000;
                client_body_temp_path {{work}}/body;
                proxy_temp_path {{work}}/proxy;
                fastcgi_temp_path {{work}}/fastcgi;
                uwsgi_temp_path {{work}}/uwsgi;
                scgi_temp_path {{work}}/scgi;
                server { listen 127.0.0.1:{{port}}; root {{folder}}; }
            }
            """, cancellationToken);
        var process = Process.Start(new ProcessStartInfo(Outside.Find("nginx")!, ["-p", work, "-c", Path.Combine(work, "nginx.conf"), "-e", Path.Combine(work, "error.log")]))!;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return new LocalServer(process, new Uri($"http://127.0.0.1:{port}/"));
            }
            catch (SocketException) when (attempt < 100 && !process.HasExited)
            {
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
