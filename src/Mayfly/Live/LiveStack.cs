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
    private readonly StackSpec _spec;
    private readonly IProvider _provider;
    private readonly IReadOnlyList<InstanceState> _instances;
    private readonly Action<string> _say;
    private int _turn;

    internal LiveStack(StackSpec spec, IProvider provider, IReadOnlyList<InstanceState> instances, Action<string> say, CancellationToken cancellationToken)
    {
        (_spec, _provider, _instances, _say, CancellationToken) = (spec, provider, instances, say, cancellationToken);
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
        => new(component.Name, _provider, [.. _instances.Where(instance => instance.Spec.Component == component.Name)], CancellationToken);

    /// <summary>A line for the user who watches.</summary>
    public void Say(string text) => _say(text);

    /// <summary>Closes the connections.</summary>
    public void Dispose() => Http.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var name = context.DnsEndPoint.Host;
        if (name.EndsWith($".{_spec.Zone}", StringComparison.OrdinalIgnoreCase))
            name = name[..^(_spec.Zone.Length + 1)];
        var found = _instances.Where(instance => instance.Spec.Component == name || $"{instance.Spec.Component}-{instance.Spec.Replica}" == name).ToList();
        if (found.Count == 0)
            throw new HttpRequestException($"{context.DnsEndPoint.Host} is no component of stack {_spec.Name}");
        var instance = found[(Interlocked.Increment(ref _turn) & int.MaxValue) % found.Count];
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
