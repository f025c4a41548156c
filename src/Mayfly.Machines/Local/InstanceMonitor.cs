using System.Text.Json;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Machines.Local;

/// <summary>
/// The monitor of an instance while it is being started: it loads while the instance's mounts and network are made, waits
/// at a pipe (descriptor 4), and reports on another (3) what came of the creation.
/// </summary>
internal sealed class InstanceMonitor : IDisposable
{
    private readonly InstanceFolder _folder;
    private readonly ChildProcess _first;
    private readonly StreamReader _report;
    private readonly SafeFileHandle _go;
    private bool _released;

    public InstanceMonitor(NamespaceThread mounts, Crun crun, InstanceFolder folder, string log)
    {
        _folder = folder;
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        using var errors = File.OpenHandle(folder.File("monitor.err"), FileMode.Create, FileAccess.Write);
        var (report, told) = ChildProcess.Pipe();
        var (waits, go) = ChildProcess.Pipe();
        (_report, _go) = (new StreamReader(new FileStream(report, FileAccess.Read)), go);
        var environment = new Dictionary<string, string>(Crun.Environment) { ["_OCI_SYNCPIPE"] = "3", ["_OCI_STARTPIPE"] = "4" };
        try
        {
            using (told)
            using (waits)
                _first = mounts.Run(() => ChildProcess.Start(crun.Create(folder, log), environment, [nothing, nothing, errors, told, waits], newSession: true));
        }
        catch
        {
            _report.Dispose();
            _go.Dispose();
            throw;
        }
    }

    /// <summary>Lets it create the instance: null when it did, otherwise why not.</summary>
    public string? Create(CancellationToken cancellationToken)
    {
        FileHandles.Write(_go, [0], "monitor");
        _released = true;
        // Its first process makes way for one in the background, which reports. A cancelled start must not wait for a hanging one.
        using var cancelled = cancellationToken.Register(() => _folder.Monitor()?.Signal(Signals.Kill));
        _first.Wait();
        var line = _report.ReadLine();
        cancellationToken.ThrowIfCancellationRequested();
        if (line is null)
            return InstanceFolder.Read(_folder.File("monitor.err"))?.Trim() is { Length: > 0 } text ? text : "the monitor ended without a word";
        // {"data": PID}, or a number that is none with {"message": …}
        using var report = JsonDocument.Parse(line);
        return report.RootElement.GetProperty("data").GetInt32() > 0 ? null
            : report.RootElement.TryGetProperty("message", out var message) ? message.GetString()!.Trim() : line;
    }

    public void Dispose()
    {
        if (!_released)
        {
            // Before the pipe is closed, which would let it go.
            ProcessIdentity.Of(_first.Id)?.Signal(Signals.Kill);
            _first.Wait();
        }

        _go.Dispose();
        _report.Dispose();
    }
}
