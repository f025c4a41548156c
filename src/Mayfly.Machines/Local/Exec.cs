using System.Text;
using System.Text.Json;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Machines.Local;

/// <summary>Further commands in a running instance, as its own user and with no more rights than its main process.</summary>
internal static class Exec
{
    private const int TimedOut = 124, NotFound = 127; // as timeout(1) and sh(1)

    public static Task<CommandResult> RunAsync(Crun crun, InstanceFolder folder, IReadOnlyList<string> command, TimeSpan? timeout, CancellationToken cancellationToken) => Task.Run(() =>
    {
        using var process = Specify(folder, command, terminal: false, size: null);
        using var thread = crun.Enter("command in " + folder.Id);
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        var (read, write) = ChildProcess.Pipe();
        using var output = new FileStream(read, FileAccess.Read);
        ChildProcess child;
        using (write)
            child = thread.Run(() => ChildProcess.Start(crun.Exec(folder.Id, process.Path, process.PidFile), Crun.Environment, [nothing, write, write]));
        var text = new StringBuilder();
        var decoder = Encoding.UTF8.GetDecoder();
        using var expired = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(expired.Token, cancellationToken);
        // The command is killed, and with it ends the runtime that waits for it; what it left in the background may keep the pipe.
        using var kill = both.Token.Register(() => Signal(folder, process.PidFile, child, Signals.Kill));
        var reading = Task.Run(() =>
        {
            var bytes = new byte[16 * 1024];
            var characters = new char[16 * 1024 + 1];
            int count;
            while ((count = output.Read(bytes)) > 0)
            {
                lock (text)
                    text.Append(characters, 0, decoder.GetChars(bytes, 0, count, characters, 0));
            }
        }, CancellationToken.None);
        var code = child.Wait();
        // Whatever the command itself wrote is in the pipe by now; a daemon that it left behind may hold it open for ever.
        reading.Wait(TimeSpan.FromMilliseconds(200), CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        lock (text)
            return new CommandResult(expired.IsCancellationRequested ? TimedOut : code, text.ToString());
    }, cancellationToken);

    /// <param name="hangUp">Once it is cancelled a command with a terminal gets SIGHUP, as when somebody closed that.</param>
    public static int Attach(Crun crun, InstanceFolder folder, IReadOnlyList<string> command, bool terminal, CancellationToken hangUp)
    {
        var console = Crun.Console();
        using var process = Specify(folder, command, terminal, TerminalSize.Of(console[0]) ?? TerminalSize.Of(console[1]));
        using var thread = crun.Enter("command in " + folder.Id);
        var code = terminal ? AttachTerminal(crun, thread, folder, process, console, hangUp)
            : thread.Run(() => ChildProcess.Start(crun.Exec(folder.Id, process.Path, process.PidFile), Crun.Environment, console)).Wait();
        return code == 255 && !Has(folder, command[0]) ? NotFound : code;
    }

    /// <summary>
    /// crun makes the terminal and hands it over. Left to itself it would copy between that and ours until it hears that the command
    /// has ended, and then not look (as of 1.8) whether there is more to copy.
    /// </summary>
    private static int AttachTerminal(Crun crun, NamespaceThread thread, InstanceFolder folder, ProcessFile process, SafeFileHandle[] console, CancellationToken hangUp)
    {
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        using var socket = new TerminalSocket(folder.Path, Path.GetFileName(process.Socket));
        var (ended, running) = ChildProcess.Pipe();
        using var end = ended;
        var child = thread.Run(() => ChildProcess.Start(crun.Exec(folder.Id, process.Path, process.PidFile, (socket.Path, process.Messages)), Crun.Environment, [nothing, nothing, console[2]]));
        var ending = Task.Run(() =>
        {
            using (running)
                return child.Wait();
        }, CancellationToken.None);
        using (hangUp.Register(() => Signal(folder, process.PidFile, child, Signals.HangUp)))
        {
            using (var pseudo = socket.Receive(ended))
                pseudo?.Relay(console[0], console[1], ended);
            ending.Wait(CancellationToken.None);
        }

        // What keeps a program from being executed is said on the terminal, with 255; with 1 crun did not get that far, and its
        // messages are in a file, because they would else stand amid the command's own output.
        if (ending.Result == 1 && InstanceFolder.Read(process.Messages)?.Trim() is { Length: > 0 } message && !message.EndsWith(':'))
            Console.Error.WriteLine(message);
        return ending.Result;
    }

    /// <summary>False when the instance certainly has no such program, which the runtime tells with a code that is also the programs' own.</summary>
    private static bool Has(InstanceFolder folder, string program)
    {
        if (program.Contains('/') || folder.ReadProcess()?.Id is not { } process)
            return true;
        var path = JsonSerializer.Deserialize(File.ReadAllBytes(folder.Config), OciJson.Default.OciConfig)!.Process.Env
            .LastOrDefault(variable => variable.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..] ?? "/usr/sbin:/usr/bin:/sbin:/bin";
        return path.Split(':').Any(place => Nodes.Find($"/proc/{process}/root/{place}/{program}") is not null);
    }

    /// <summary>To the command, or to the runtime when that has not started it yet.</summary>
    private static void Signal(InstanceFolder folder, string pidFile, ChildProcess runtime, int signal)
    {
        if (int.TryParse(InstanceFolder.Read(pidFile), out var id) && InstanceFolder.Read($"/proc/{id}/cgroup")?.Contains($"/{folder.Id}\n", StringComparison.Ordinal) == true)
            ProcessIdentity.Of(id)?.Signal(signal);
        else
            ProcessIdentity.Of(runtime.Id)?.Signal(signal);
    }

    private static ProcessFile Specify(InstanceFolder folder, IReadOnlyList<string> command, bool terminal, TerminalSize? size)
    {
        var config = JsonSerializer.Deserialize(File.ReadAllBytes(folder.Config), OciJson.Default.OciConfig)!;
        var file = new ProcessFile(folder.File($"exec-{Guid.NewGuid().ToString("n")[..8]}"));
        File.WriteAllBytes(file.Path, JsonSerializer.SerializeToUtf8Bytes(Bundle.Command(config.Process, command, terminal, size), OciJson.Default.OciProcess));
        return file;
    }

    private sealed record ProcessFile(string Path) : IDisposable
    {
        public string PidFile => Path + ".pid";

        public string Messages => Path + ".log";

        public string Socket => Path + ".socket";

        public void Dispose()
        {
            File.Delete(Path);
            File.Delete(PidFile);
            File.Delete(Messages);
        }
    }
}
