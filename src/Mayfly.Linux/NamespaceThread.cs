using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>The namespaces that a thread can leave its process's for; see namespaces(7).</summary>
[Flags]
public enum Namespaces
{
    /// <summary>Mounts; the working directory and root become the thread's own with it.</summary>
    Mounts = 0x00020000,
    HostName = 0x04000000,
    Ipc = 0x08000000,
    Network = 0x40000000,
}

/// <summary>
/// A thread in namespaces of its own. What it mounts nobody else sees, processes that it starts inherit its view,
/// and everything goes when it ends, even when the process is killed.
/// </summary>
/// <remarks>
/// What it keeps: one thread and a queue of work for it. How it changes: work is run in the order it came in; disposal
/// lets the queue run dry and ends the thread, whose mounts the kernel then takes away. Why a thread and not a process:
/// namespaces belong to threads in Linux, so no second program is needed and exceptions travel as usual. A PID namespace
/// is not offered: a thread that has unshared it can start no more threads, which the runtime must be able to.
/// </remarks>
public sealed partial class NamespaceThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    public NamespaceThread(Namespaces namespaces, string name)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _thread = new Thread(() => Live(namespaces, begun)) { IsBackground = true, Name = name };
        _thread.Start();
        begun.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs the work on the thread and waits for it.</summary>
    public void Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    /// <inheritdoc cref="Run(Action)"/>
    public T Run<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        if (_work.IsAddingCompleted)
            return;
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Live(Namespaces namespaces, TaskCompletionSource begun)
    {
        const int FileSystem = 0x200;
        try
        {
            var flags = (int)namespaces | (namespaces.HasFlag(Namespaces.Mounts) ? FileSystem : 0);
            if (unshare(flags) != 0)
                throw LinuxException.Last("unshare", namespaces.ToString());
            if (namespaces.HasFlag(Namespaces.Mounts))
            {
                // Not private: what the host unmounts must leave here too, or a monitor that lives for months keeps its devices busy.
                Mounts.Mount("none", "/", null, MountFlags.Slave | MountFlags.Recursive);
                // The mask became the thread's own too: what it makes has the usual modes whatever the user's shell says.
                _ = umask(0x12 /* 022 */);
            }

            if (namespaces.HasFlag(Namespaces.Network))
                RaiseLoopback();
        }
        catch (Exception e)
        {
            begun.SetException(e);
            return;
        }

        begun.SetResult();
        foreach (var work in _work.GetConsumingEnumerable())
            work();
    }

    /// <summary>A new network namespace has a loopback interface that is down; programs expect 127.0.0.1 to be there.</summary>
    private static unsafe void RaiseLoopback()
    {
        const int Internet = 2, Datagram = 2, CloseOnExec = 0x80000, SetFlags = 0x8914;
        var socketHandle = socket(Internet, Datagram | CloseOnExec, 0);
        if (socketHandle < 0)
            throw LinuxException.Last("socket", "lo");
        try
        {
            // struct ifreq: the name in 16 bytes, then the flags (IFF_UP | IFF_RUNNING).
            var request = stackalloc byte[40];
            (request[0], request[1], request[16]) = ((byte)'l', (byte)'o', 0x41);
            if (ioctl(socketHandle, SetFlags, request) != 0)
                throw LinuxException.Last("ioctl SIOCSIFFLAGS", "lo");
        }
        finally
        {
            _ = close(socketHandle);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int ioctl(int descriptor, nuint request, byte* argument);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
