using Mayfly.Images;
using Mayfly.Machines;

namespace Mayfly;

/// <summary>The verbs that describe a component. Each returns the component it was called on, so that they chain.</summary>
public static class ComponentVerbs
{
    extension<T>(T component) where T : Component
    {
        /// <summary>Installs Debian packages: <c>Install("nginx", "libnginx-mod-http-brotli-filter")</c>, or an exact version <c>"nginx=1.22.1-9"</c>.</summary>
        public T Install(params string[] packages)
        {
            component.Packages.AddRange(packages);
            return component;
        }

        /// <summary>Installs what the packages recommend too.</summary>
        public T WithRecommends()
        {
            component.Recommends = true;
            return component;
        }

        /// <summary>
        /// Makes an environment of Python packages in the image, as <c>python3 -m venv</c> and <c>pip install</c> would: chosen for the image's own python3, exact in
        /// <c>stack.lock</c>, a layer of its own. They come from the index that pip is configured to use. Its programs come first on the PATH of the component's commands.
        /// </summary>
        /// <param name="file">A requirements file or a <c>pyproject.toml</c>, relative to <c>stack.cs</c>.</param>
        /// <param name="into">Where the environment is, absolute, inside the image; its interpreter is <c>bin/python</c> below it.</param>
        /// <param name="systemPackages">True to see the modules of Debian's packages in it too.</param>
        /// <param name="allowBuild">Projects whose wheels may be built from their sources, or <c>":all:"</c>. A build runs code of its project: in the component's packages, without a network. A compiler is there if the component installs one.</param>
        public T Pip(string file, string into, bool systemPackages = false, IReadOnlyList<string>? allowBuild = null)
        {
            component.Environments.Add((file, into, systemPackages, allowBuild ?? []));
            return component;
        }

        /// <summary>Copies a file or a folder into the image.</summary>
        /// <param name="source">Relative to <c>stack.cs</c>. Of a folder, <c>__pycache__</c>, <c>.git</c> and the like stay outside.</param>
        /// <param name="path">Absolute, inside the image.</param>
        /// <param name="owner">User and group by the image's own names.</param>
        /// <param name="mode">Mode bits; null keeps the source's execute bit and otherwise means 0644.</param>
        public T Copy(string source, string path, string owner = "root:root", int? mode = null)
        {
            component.Steps.Add(new Component.Step.Copy(source, path, owner, mode));
            return component;
        }

        /// <summary>
        /// Renders a template into the image: <c>{{ orders.host }}</c>, <c>{{ orders.port }}</c>, <c>{{ stack.zone }}</c> and
        /// the values given here are replaced; an unknown name is an error.
        /// </summary>
        /// <param name="source">Relative to <c>stack.cs</c>.</param>
        /// <param name="path">Absolute, inside the image.</param>
        /// <param name="values">Values of its own, by name.</param>
        /// <param name="owner">User and group by the image's own names.</param>
        /// <param name="mode">Mode bits; null means 0644.</param>
        public T Template(string source, string path, IReadOnlyDictionary<string, string>? values = null, string owner = "root:root", int? mode = null)
        {
            component.Steps.Add(new Component.Step.Template(source, path, owner, mode, values ?? new Dictionary<string, string>()));
            return component;
        }

        /// <summary>Writes a file with these contents into the image.</summary>
        public T Write(string path, string contents, string owner = "root:root", int? mode = null)
        {
            component.Steps.Add(new Component.Step.File(new ImageFile { Path = path, Text = contents, Owner = owner, Mode = mode }));
            return component;
        }

        /// <summary>Runs a command while the image is built, as root and without network. Words are split at blanks; quotes keep them together.</summary>
        /// <param name="command">The command line; no shell reads it unless it names one: <c>sh -c "…"</c>.</param>
        /// <param name="user">Who runs it.</param>
        /// <param name="workingDirectory">Where it runs; null means <c>/</c>.</param>
        public T Build(string command, string user = "root", string? workingDirectory = null)
        {
            component.Steps.Add(new Component.Step.Run(new CommandStep(CommandLine.Split(command)) { User = user, WorkingDirectory = workingDirectory ?? "/" }));
            return component;
        }

        /// <summary>The command that is the component: its main process, in the foreground.</summary>
        public T Run(params string[] command)
        {
            component.Command.Clear();
            component.Command.AddRange(command.Length == 1 ? CommandLine.Split(command[0]) : command);
            return component;
        }

        /// <summary>A command run in the instance before the main process, at every start, as the same user: it must be harmless to repeat.</summary>
        public T Prepares(params string[] command)
        {
            component.Prepare.Add(command.Length == 1 ? CommandLine.Split(command[0]) : command);
            return component;
        }

        /// <summary>
        /// A command that brings data up to date when a changed component goes live: first on a rehearsal's copies, and only
        /// after the tests on the live volumes. It runs once, not once a replica, and must be harmless to repeat.
        /// </summary>
        public T Migrates(string command)
        {
            component.Migrations.Add(CommandLine.Split(command));
            return component;
        }

        /// <summary>The user that the component runs as, by the image's own names.</summary>
        public T As(string user)
        {
            component.User = user;
            return component;
        }

        /// <summary>The folder that its commands run in.</summary>
        public T In(string workingDirectory)
        {
            component.WorkingDirectory = workingDirectory;
            return component;
        }

        /// <summary>An environment variable of the running component.</summary>
        public T Sets(string variable, string value)
        {
            component.Environment[variable] = value;
            return component;
        }

        /// <summary>An environment variable that holds a secret: <c>Sets("SECRET_KEY", Secret.Generated())</c>.</summary>
        public T Sets(string variable, Secret secret)
        {
            component.Secrets[variable] = secret;
            return component;
        }

        /// <summary>A TCP port that it listens on; all of its addresses, not just its own loopback.</summary>
        /// <param name="port">The port.</param>
        /// <param name="name">The service's name, for SRV records and URLs: <c>http</c>.</param>
        public T Listens(int port, string name = "tcp")
        {
            component.Ports.Add(new PortSpec(port, name));
            component.Health ??= Check.Tcp(port);
            return component;
        }

        /// <summary>How to tell that it does its work; a component that listens is checked by connecting unless this says better.</summary>
        public T Checks(HealthCheck check)
        {
            component.Health = check;
            return component;
        }

        /// <summary>A data directory: a volume that outlives instances. A component with data has one replica.</summary>
        /// <param name="path">Absolute, inside the instance.</param>
        /// <param name="owner">User and group that own a new volume.</param>
        /// <param name="mode">Mode bits of a new volume.</param>
        public T Owns(string path, string owner = "root:root", int mode = 0b111_101_101)
        {
            component.Data.Add(new VolumeUse($"{component.Name}{(component.Data.Count == 0 ? "" : $"-{component.Data.Count + 1}")}", path, owner, mode));
            return component;
        }

        /// <summary>A directory below <c>/run</c> made fresh at each start.</summary>
        public T Needs(string runtimeDirectory, string owner = "root:root", int mode = 0b111_101_101)
        {
            component.RuntimeDirectories.Add(new RuntimeDirectory(runtimeDirectory, owner, mode));
            return component;
        }

        /// <summary>A Linux capability that it keeps, such as <c>CAP_NET_RAW</c>. None are kept otherwise.</summary>
        public T Keeps(params string[] capabilities)
        {
            component.Capabilities.AddRange(capabilities);
            return component;
        }

        /// <summary>
        /// Depends on others: they are healthy before this one starts, and it is given their addresses by hostname:
        /// <c>NAME_HOST</c>, <c>NAME_PORT</c>, <c>NAME_URL</c>, and <c>DATABASE_URL</c>, <c>CACHE_URL</c> or <c>REDIS_URL</c>.
        /// </summary>
        public T Uses(params Component[] others)
        {
            component.Used.AddRange(others);
            return component;
        }

        /// <summary>Makes its first port reachable as a port of the host.</summary>
        /// <param name="hostPort">The host's port.</param>
        /// <param name="address">One address of the host, or null for all.</param>
        public T Publishes(int hostPort, string? address = null)
        {
            component.Published.Add((hostPort, address));
            return component;
        }

        /// <summary>How many run, spread over the machines that host it; without it, one on each of them.</summary>
        public T Replicas(int count)
        {
            component.ReplicaCount = count;
            return component;
        }

        /// <summary>How it is asked to stop.</summary>
        /// <param name="signal">Such as <c>SIGQUIT</c>.</param>
        /// <param name="timeout">How long it may take before it is killed; null means 10 seconds.</param>
        public T StopsOn(string signal, TimeSpan? timeout = null)
        {
            component.StopSignal = signal;
            component.StopTimeout = timeout ?? component.StopTimeout;
            return component;
        }
    }
}
