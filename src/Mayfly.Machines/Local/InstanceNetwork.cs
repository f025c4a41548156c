using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Machines.Local;

/// <summary>A network namespace for one instance, made and wired in the background; it lives on in the processes that have joined it.</summary>
internal sealed class InstanceNetwork : IDisposable
{
    private readonly TaskCompletionSource<SafeFileHandle> _space = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _wiring;
    private NamespaceThread? _thread;

    public InstanceNetwork(StackSubnet subnet, InstanceFolder folder, string address) => _wiring = Task.Run(() =>
    {
        try
        {
            _thread = new NamespaceThread(Namespaces.Network, "network of " + folder.Id);
            var space = _thread.Run(() => File.OpenHandle("/proc/thread-self/ns/net", options: FileOptions.None));
            _space.SetResult(space);
            Network.Connect(_thread, space, subnet, folder, address);
        }
        catch (Exception e)
        {
            _space.TrySetException(e);
            throw;
        }
    });

    /// <summary>The namespace, as soon as it exists.</summary>
    public SafeFileHandle Namespace => _space.Task.GetAwaiter().GetResult();

    /// <summary>Waits until it has its address and routes.</summary>
    public void Connected() => _wiring.GetAwaiter().GetResult();

    public void Dispose()
    {
        // Nothing may go on wiring a network whose thread has ended. A failure is reported by who asks for it.
        Task.WhenAny(_wiring).GetAwaiter().GetResult();
        if (_space.Task.IsCompletedSuccessfully)
            _space.Task.Result.Dispose();
        _thread?.Dispose();
    }
}
