namespace Mayfly.Machines.Local;

/// <summary>Tells that some instance may have ended: at once when a monitor writes an exit code, and now and then in any case.</summary>
internal sealed class ExitWatch(string folder)
{
    // Without a watch (the kernel gives each user only so many) looking more often does.
    private static readonly TimeSpan Watched = TimeSpan.FromMilliseconds(500), Unwatched = TimeSpan.FromMilliseconds(25);
    private readonly Lock _lock = new();
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FileSystemWatcher? _watcher;
    private bool _failed;

    /// <summary>A task that completes with the next change after this call.</summary>
    public Task Next()
    {
        lock (_lock)
        {
            if (_watcher is null && !_failed)
                Begin();
            return Task.WhenAny(_change.Task, Task.Delay(_failed ? Unwatched : Watched));
        }
    }

    private void Begin()
    {
        try
        {
            Directory.CreateDirectory(folder);
            var watcher = new FileSystemWatcher(folder);
            watcher.Created += (_, _) => Changed();
            watcher.Renamed += (_, _) => Changed();
            watcher.Error += (_, _) => Changed();
            watcher.EnableRaisingEvents = true;
            _watcher = watcher;
        }
        catch (IOException)
        {
            _failed = true;
        }
    }

    private void Changed()
    {
        lock (_lock)
        {
            _change.SetResult();
            _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
