using System.Net.Sockets;
using Mayfly.Machines;
using Mayfly.Spec;

namespace Mayfly.Live;

/// <summary>
/// A stack as it runs, seen by one test or task: the live one, or a rehearsal whose names and volumes are its own. Hostnames
/// work in <see cref="Http"/> as they do inside the stack.
/// </summary>
public sealed class LiveStack : IDisposable
{
    private readonly StackSpec spec;
    private readonly IProvider provider;
    private readonly IReadOnlyList<InstanceState> instances;
    private readonly Action<string> say;
    private int turn;

    internal LiveStack(StackSpec spec, IProvider provider, IReadOnlyList<InstanceState> instances, Action<string> say, CancellationToken cancellationToken)
    {
        (this.spec, this.provider, this.instances, this.say, CancellationToken) = (spec, provider, instances, say, cancellationToken);
        var front = spec.Published is [var published, ..] ? published : null;
        Http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync })
        {
            BaseAddress = front is null ? null : new Uri($"http://{front.Component}.{spec.Zone}:{front.Port}/"),
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    /// <summary>Cancelled when the user interrupts or a test takes too long.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>
    /// A client of this test's own, with cookies of its own, that knows the stack's hostnames; a relative address leads to the
    /// first component that publishes a port.
    /// </summary>
    public HttpClient Http { get; }

    /// <summary>The body of a page; anything but success throws.</summary>
    public Task<string> GetAsync(string path) => Http.GetStringAsync(path.TrimStart('/'), CancellationToken);

    /// <summary>A component as it runs here.</summary>
    public RunningComponent On(Component component)
        => new(component.Name, provider, [.. instances.Where(instance => instance.Spec.Component == component.Name)], CancellationToken);

    /// <summary>A line for the user who watches.</summary>
    public void Say(string text) => say(text);

    /// <summary>Closes the connections.</summary>
    public void Dispose() => Http.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var name = context.DnsEndPoint.Host;
        if (name.EndsWith($".{spec.Zone}", StringComparison.OrdinalIgnoreCase))
            name = name[..^(spec.Zone.Length + 1)];
        var found = instances.Where(instance => instance.Spec.Component == name || $"{instance.Spec.Component}-{instance.Spec.Replica}" == name).ToList();
        if (found.Count == 0)
            throw new HttpRequestException($"{context.DnsEndPoint.Host} is no component of stack {spec.Name}");
        var instance = found[(Interlocked.Increment(ref turn) & int.MaxValue) % found.Count];
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(instance.Address, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
