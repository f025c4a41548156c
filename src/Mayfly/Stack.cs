using System.Runtime.CompilerServices;
using Mayfly.Live;
using Mayfly.Terminal;
using Mayfly.Verbs;

namespace Mayfly;

/// <summary>
/// Everything that one <c>stack.cs</c> declares, and the last line that runs it:
/// <c>return await shop.RunAsync(args);</c>. Its zone is <c>NAME.internal</c>.
/// </summary>
public sealed class Stack
{
    private readonly List<Component> _components = [];
    private readonly List<Machine> _machines = [];
    private readonly List<StackTest> _tests = [];
    private readonly List<StackTask> _tasks = [];
    private readonly List<StackOption> _options = [];

    /// <summary>What is declared wrongly is told as any other failure, also where the script has not come to its last line.</summary>
    static Stack() => AppDomain.CurrentDomain.UnhandledException += static (_, thrown) =>
    {
        if (thrown.ExceptionObject is not MayflyException failure)
            return;
        Screen.Fail(failure);
        Environment.Exit(failure.ExitCode);
    };

    /// <summary>Begins a stack.</summary>
    /// <param name="name">Lower-case letters, digits and hyphens; at most 30.</param>
    /// <param name="release">The Debian release that its images are based on.</param>
    /// <param name="script">Given by the compiler: where the script is, which paths are relative to.</param>
    public Stack(string name, DebianRelease release, [CallerFilePath] string script = "")
    {
        Name = name;
        Release = release;
        Script = AppContext.GetData("EntryPointFilePath") as string ?? Path.GetFullPath(script);
        Folder = Path.GetDirectoryName(Script)!;
    }

    /// <summary>The stack's name.</summary>
    public string Name { get; }

    /// <summary>The Debian release that its images are based on.</summary>
    public DebianRelease Release { get; }

    /// <summary>The DNS zone of its hostnames.</summary>
    public string Zone => $"{Name}.internal";

    /// <summary>The folder of <c>stack.cs</c>.</summary>
    public string Folder { get; }

    /// <summary>Which licences its images take; everything unless something is said.</summary>
    public Licences Licences { get; } = new();

    /// <summary>The path of <c>stack.cs</c>.</summary>
    internal string Script { get; }

    internal IReadOnlyList<Component> Components => _components;

    internal IReadOnlyList<Machine> Machines => _machines;

    internal IReadOnlyList<StackTest> Tests => _tests;

    internal IReadOnlyList<StackTask> Tasks => _tasks;

    internal IReadOnlyList<StackOption> Options => _options;

    /// <summary>A component described from nothing: <c>Install(…).Copy(…).Run(…).Listens(…).Checks(…)</c>.</summary>
    public Component Component(string name) => Add(new Component(this, name));

    /// <summary>Nginx in front of others.</summary>
    public Nginx Nginx(string name) => Add(new Nginx(this, name));

    /// <summary>Apache with a WSGI application.</summary>
    public Apache Apache(string name) => Add(new Apache(this, name));

    /// <summary>A memcached cache.</summary>
    public Memcached Memcached(string name) => Add(new Memcached(this, name));

    /// <summary>A Redis server with its data in a volume.</summary>
    public Redis Redis(string name) => Add(new Redis(this, name));

    /// <summary>A database, by engine.</summary>
    public Database Database(string name, Engine engine) => Add(new Database(this, name, engine));

    /// <summary>A machine to place components on.</summary>
    /// <param name="name">Lower-case letters, digits and hyphens.</param>
    /// <param name="size">How much of the host it may use; null means <see cref="Size.Host"/>.</param>
    /// <param name="count">How many of them.</param>
    public Machine Machine(string name, Size? size = null, int count = 1)
    {
        var machine = new Machine(name, size ?? Size.Host, count);
        _machines.Add(machine);
        return machine;
    }

    /// <summary>A test of the stack as it runs: it throws when it fails. Nothing goes live before all have passed.</summary>
    public Stack Test(string name, Func<LiveStack, Task> test)
    {
        _tests.Add(new StackTest(name, test));
        return this;
    }

    /// <summary>A named piece of work on the live stack: <c>mayfly task NAME</c>.</summary>
    public Stack Task(string name, Func<LiveStack, Task> task)
    {
        _tasks.Add(new StackTask(name, task));
        return this;
    }

    /// <summary>
    /// A choice left to the command line, read at once: <c>shop.Option("placement", "one", "four")</c> is <c>one</c> unless
    /// <c>--placement four</c> was given. The first choice is the default; what was live last is not remembered.
    /// </summary>
    public string Option(string name, params string[] choices)
    {
        var option = new StackOption(name, choices);
        _options.Add(option);
        return option.Read(Environment.GetCommandLineArgs());
    }

    /// <summary>Does what the arguments say: <c>up</c>, <c>plan</c>, <c>status</c>, …; <c>--help</c> lists them.</summary>
    /// <returns>The exit code; docs/reference/exit-codes.md lists them.</returns>
    public Task<int> RunAsync(string[] args) => StackCommand.RunAsync(this, args);

    private T Add<T>(T component) where T : Component
    {
        _components.Add(component);
        return component;
    }
}

internal sealed record StackTest(string Name, Func<LiveStack, Task> Body);

internal sealed record StackTask(string Name, Func<LiveStack, Task> Body);

/// <summary>A choice of the script's own; see <see cref="Stack.Option"/>.</summary>
internal sealed record StackOption(string Name, IReadOnlyList<string> Choices)
{
    public string Read(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var value = arguments[i] == $"--{Name}" && i + 1 < arguments.Count ? arguments[i + 1]
                : arguments[i].StartsWith($"--{Name}=", StringComparison.Ordinal) ? arguments[i][(Name.Length + 3)..]
                : null;
            // A wrong choice is refused by the parser of the verbs, with the choices listed.
            if (value is not null && Choices.Contains(value))
                return value;
        }

        return Choices[0];
    }
}
